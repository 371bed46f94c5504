"""Asks a person in the UI to type the instance's name below the plan. No lock is held meanwhile."""

from prefect import pause_flow_run
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from pydantic import Field

from redis_dr.flows.orchestration.api import API_ERRORS
from redis_dr.flows.orchestration.pages.restore import approval_question
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.restore.restore_report import PlanReport

_POLL_SECONDS = 2


class TypedName(RunInput):
    """The form of the dialog."""

    name: str = Field(title="Name of the instance", description="type it to start the restore")


def ask_for_name(plan: PlanReport, minutes: int) -> str:
    """Return the instance's name once a person typed it.

    Raises Refused for another name and for no answer; nothing has changed then.
    """
    form = TypedName.with_initial_data(description=approval_question(plan))
    try:
        answer = pause_flow_run(
            wait_for_input=form, timeout=minutes * 60, poll_interval=_POLL_SECONDS
        )
    except FlowPauseTimeout as error:
        raise _refused(f"nobody answered within {minutes} minutes", plan) from error
    except API_ERRORS as error:
        raise _refused(f"Prefect's API failed ({type(error).__name__})", plan) from error
    if answer.name.strip() != plan.instance:
        raise _refused(f"the typed name is {answer.name!r}, not {plan.instance!r}", plan)
    return plan.instance


def _refused(why: str, plan: PlanReport) -> Refused:
    return Refused(
        f"the restore of {plan.instance} was not confirmed: {why}; nothing was changed",
        "start it again and type the name, or run "
        f"`redis-dr restore {plan.backup_id} --confirm {plan.instance}`",
    )
