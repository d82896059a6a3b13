"""One module per mechanism, found by walking this folder: see ``registry`` for what it declares."""
