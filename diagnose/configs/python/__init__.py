"""An interpreter of the few Python statements that configs are made of. Nothing is executed or imported."""
