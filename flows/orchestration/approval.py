"""Asks a person in the UI for the instance's name, with the plan in the dialog. Nothing is held."""

from prefect import pause_flow_run
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from pydantic import Field

from redis_dr.flows.orchestration.artifacts import API_ERRORS
from redis_dr.flows.orchestration.pages.restore import question
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.restore.restore_report import PlanReport

_POLL_SECONDS = 2


class Consent(RunInput):
    """What the dialog asks for."""

    name: str = Field(title="Name of the instance", description="typed in, to go on")


def ask_for_name(plan: PlanReport, minutes: int) -> str:
    """Return the instance's name once a person typed it.

    Raises Refused for another name and for no answer. Nothing was changed then.
    """
    form = Consent.with_initial_data(description=question(plan))
    try:
        answer = pause_flow_run(
            wait_for_input=form, timeout=minutes * 60, poll_interval=_POLL_SECONDS
        )
    except FlowPauseTimeout as error:
        raise _refused(f"nobody answered within {minutes} minutes", plan) from error
    except API_ERRORS as error:
        raise _refused(f"no answer could be had ({type(error).__name__})", plan) from error
    if answer.name.strip() != plan.instance:
        raise _refused(f"the name typed in was {answer.name!r}, not {plan.instance!r}", plan)
    return plan.instance


def _refused(why: str, plan: PlanReport) -> Refused:
    return Refused(
        f"the restore of {plan.instance} was not confirmed: {why}; nothing was changed",
        "start it again and type the name, or use "
        f"`redis-dr restore {plan.backup_id} --confirm {plan.instance}`",
    )
