"""What to run next after a comparison, as files: the control, one suspect at a time, and a careful next trial."""

from diagnose.engine.fixplan.model import FixPlan, PlanFile
from diagnose.engine.fixplan.plan import plan
from diagnose.engine.fixplan.write import write

__all__ = ["FixPlan", "PlanFile", "plan", "write"]
