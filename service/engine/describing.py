"""How a search is carried out, in words for a DBA."""

from __future__ import annotations

from dataclasses import dataclass

from service.core.plan import Plan, Situation, Walk
from service.storage.explaining import Explained


@dataclass(frozen=True, slots=True)
class Explanation:
    """The plan of a search, what it was chosen from, and PostgreSQL's own plan.

    ``situation`` None: there was nothing to choose.
    """

    plan: Plan | None
    situation: Situation | None
    explained: Explained


def describe(explanation: Explanation) -> str:
    """The explanation as text, in sections that begin with a line of their own."""
    explained = explanation.explained
    values = [f"  ${place} = {value}" for place, value in enumerate(explained.values, start=1)]
    parts = [
        "-- plan",
        *describe_plan(explanation.plan, explanation.situation),
        "",
        "-- statement",
        explained.text,
    ]
    if values:
        parts += ["", "-- values", *values]
    return "\n".join([*parts, "", "-- PostgreSQL's plan", *explained.lines])


def describe_plan(plan: Plan | None, situation: Situation | None) -> list[str]:
    """Which way was chosen, and from what."""
    if plan is None:
        return ["aggregate: one statement over all documents that match"]
    if situation is None:
        return ["exact: no segment stands for documents in this order, so all that match are read"]
    known = [describe_situation(situation)]
    if not isinstance(plan, Walk):
        return ["exact: reading every document that matches is the cheapest way", *known]
    walk = (
        f"walk: each segment's index is followed until {plan.candidates} candidates match, or "
        f"{plan.budget} were looked at; rows without a segment are scanned"
    )
    otherwise = "a wider walk, then a scan" if isinstance(plan.otherwise, Walk) else "a scan"
    short = f"fewer than {plan.enough} candidates, or too few hits: {otherwise} follows"
    return [walk, *known, short]


def describe_situation(situation: Situation) -> str:
    """What is known of the namespace and the filter."""
    documents = sum(one.live for one in situation.segments)
    text = (
        f"known: {len(situation.segments)} segments of {documents} documents, "
        f"about {max(situation.tail, 0)} documents without one, {situation.limit} wanted"
    )
    if situation.matches is None:
        return f"{text}; no filter"
    found = "found by an index" if situation.served else "no index finds them"
    return f"{text}; about {situation.matches:.0f} match the filter, {found}"
