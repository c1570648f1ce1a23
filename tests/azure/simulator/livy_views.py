"""What both dialects tell of a session's life, in the same words."""

from __future__ import annotations

from typing import Any

from .sessions import ACQUIRING, ENDED, QUEUED, RUNNING, SUBMITTING, Session
from .wire import stamp

PLUGIN = {
    QUEUED: "Preparation",
    ACQUIRING: "ResourceAcquisition",
    SUBMITTING: "Submission",
    RUNNING: "Monitoring",
    ENDED: "Ended",
}


def livy_info(session: Session) -> dict[str, Any]:
    """When each state of Livy was first seen."""
    words = {
        "notStartedAt": "not_started",
        "startingAt": "starting",
        "idleAt": "idle",
        "deadAt": "dead",
        "shuttingDownAt": "shutting_down",
        "killedAt": "killed",
        "recoveringAt": "recovering",
        "busyAt": "busy",
        "errorAt": "error",
    }
    times = session.times
    info: dict[str, Any] = {k: stamp(times.get("state " + w)) for k, w in words.items()}
    info["notStartedAt"] = stamp(times[QUEUED])
    info["currentState"] = session.state
    info["jobCreationRequest"] = session.body
    return info


def scheduler_info(session: Session) -> dict[str, Any]:
    times = session.times
    state = "Queued" if session.phase == QUEUED else "Scheduled"
    return {
        "submittedAt": stamp(times[QUEUED]),
        "scheduledAt": stamp(times.get(ACQUIRING)),
        "endedAt": stamp(times.get(ENDED)),
        "cancellationRequestedAt": None,
        "currentState": "Ended" if session.is_over else state,
    }


def plugin_info(session: Session) -> dict[str, Any]:
    times = session.times
    return {
        "preparationStartedAt": stamp(times[QUEUED]),
        "resourceAcquisitionStartedAt": stamp(times.get(ACQUIRING)),
        "submissionStartedAt": stamp(times.get(SUBMITTING)),
        "monitoringStartedAt": stamp(times.get(RUNNING)),
        "cleanupStartedAt": stamp(times.get(ENDED)),
        "currentState": PLUGIN[session.phase],
    }


def result_of(session: Session) -> str:
    if not session.is_over:
        return "Uncertain"
    return "Failed" if session.errors else "Cancelled"
