"""The API, version 1: runs and approvals, licenses and the line, learners."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.routing import APIRoute

from syncd import approval
from syncd.app import App
from syncd.daemon.http import shapes
from syncd.daemon.http.access import Access, bearer, needs
from syncd.daemon.http.forecast_shape import Forecast
from syncd.daemon.queue import Queue
from syncd.errors import ConfigError
from syncd.model import Holding, Kind, RunState
from syncd.register.runs import RunRecord
from syncd.settings.http import Role

_LARGEST = 2**63 - 1  # the largest number a database knows
Number = Annotated[int, Path(ge=1, le=_LARGEST)]
Skip = Annotated[int, Query(ge=0, le=_LARGEST - 1000, description="leave out so many at first")]
_NO_NUL = r"^[^\x00]*$"  # of all characters the only one that a database's text cannot have
Text = Annotated[str, Query(pattern=_NO_NUL)]
Limit = Annotated[int, Query(ge=1, le=1000, description="at most so many")]


def api(app: Callable[[], App], queue: Queue, access: Callable[[], Access]) -> APIRouter:
    """`app` and `access` give those of the configuration in force."""
    viewer, operator = (Depends(needs(access, role)) for role in (Role.VIEWER, Role.OPERATOR))
    router, exact = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)]), Depends(_no_other_parameters)
    router.include_router(_runs(app), dependencies=[viewer, exact], tags=["runs"])
    router.include_router(_licenses(app), dependencies=[viewer, exact], tags=["licenses"])
    router.include_router(_learners(app), dependencies=[viewer, exact], tags=["learners"])
    router.include_router(_commands(app, queue, operator), dependencies=[operator, exact], tags=["commands"])
    return router


def _no_other_parameters(request: Request) -> None:
    """A mistyped parameter is no question without it."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = [field.alias for field in route.dependant.query_params]
    if unknown := sorted(set(request.query_params) - set(known)):
        there = f"there are {', '.join(known)}" if known else "there is none here"
        raise HTTPException(422, f"there is no parameter {', '.join(unknown)}; {there}")


def _runs(app: Callable[[], App]) -> APIRouter:
    router = APIRouter()

    @router.get("/runs")
    def list_runs(limit: Limit = 20) -> list[shapes.Run]:
        """The latest runs, newest first."""
        return [shapes.Run.of(record) for record in app().register.runs.latest(limit)]

    @router.get("/runs/{run}", responses={404: {}})
    def show_run(run: Number) -> shapes.Run:
        """One run and what it came to."""
        return shapes.Run.of(_run(app(), run))

    @router.get("/runs/{run}/changes", responses={404: {}})
    def list_changes(
        run: Number, kind: str = "", search: Text = "", skip: Skip = 0, limit: Limit = 100
    ) -> list[shapes.Change]:
        """What a run planned and what became of it, in the order it is applied."""
        _run(app(), run)
        entries = app().register.journal.read(run, kinds=_kinds(kind), search=search)
        return [shapes.Change.of(entry) for entry in islice(entries, skip, skip + limit)]

    return router


def _licenses(app: Callable[[], App]) -> APIRouter:
    router = APIRouter()

    @router.get("/licenses")
    def list_lots() -> list[shapes.Lot]:
        """Every lot there ever was, the one that ends first first."""
        return [shapes.Lot.of(lot) for lot in app().register.licenses.lots(app().clock())]

    @router.get("/orders")
    def list_orders() -> list[shapes.LicenseOrder]:
        """Every order, oldest first."""
        return [shapes.LicenseOrder.of(order) for order in app().register.licenses.orders()]

    @router.get("/forecast")
    def show_forecast() -> Forecast:
        """The licenses of the next twelve months, day by day, and when they run short."""
        return Forecast.of(app().forecast())

    @router.get("/shortfall")
    def show_shortfall() -> shapes.Shortfall:
        """How many licenses are missing now, and who waits for them."""
        register, type_ = app().register, app().settings.policy.seats.type
        line = register.licenses.waiting(type_)
        free = sum(lot.free for lot in register.licenses.drawable(app().clock()) if lot.type == type_)
        return shapes.Shortfall(
            wanted=len(line),
            available=free,
            missing=max(0, len(line) - free),
            line=[shapes.Waiting.of(place, entry) for place, entry in enumerate(line, start=1)],
        )

    return router


def _learners(app: Callable[[], App]) -> APIRouter:
    router = APIRouter()

    @router.get("/learners")
    def list_learners(
        search: Text = "", license: Holding | Literal[""] = "", limit: Limit = 100
    ) -> list[shapes.Learner]:
        """Learners whose name or e-mail address contains `search`, by e-mail address."""
        found = app().register.learners.find(search=search, license_=license, now=app().clock(), limit=limit)
        return [shapes.Learner.of(learner) for learner in found]

    @router.get("/learners/{who}", responses={404: {}})
    def show_learner(who: Annotated[str, Path(pattern=_NO_NUL)]) -> shapes.Learner:
        """The learner with this e-mail address or number."""
        learner = app().register.learners.get(who, app().clock())
        if learner is None:
            raise HTTPException(404, f"there is no learner {who}")
        return shapes.Learner.of(learner)

    return router


def _commands(app: Callable[[], App], queue: Queue, operator: object) -> APIRouter:
    router = APIRouter()

    @router.post("/sync", status_code=202)
    def sync_now(wanted: shapes.SyncRequest, who: str = operator) -> shapes.Accepted:  # type: ignore[assignment]
        """Sync as soon as the worker is free; who asks while one waits shares it."""
        queue.ask(f"api:{who}", full=wanted.full, by_hand=True)
        return shapes.Accepted(waiting=len(queue))

    @router.post("/runs/{run}/approve", status_code=202, responses={404: {}, 409: {}})
    def approve(run: Number, who: str = operator) -> shapes.Run:  # type: ignore[assignment]
        """Say yes to a held plan: the daemon applies exactly that, or says what has changed since."""
        decided = _decide(app(), run, RunState.APPROVED, who)
        queue.wake()
        return decided

    @router.post("/runs/{run}/reject", responses={404: {}, 409: {}})
    def reject(run: Number, who: str = operator) -> shapes.Run:  # type: ignore[assignment]
        """Say no to a held plan: it is never applied."""
        return _decide(app(), run, RunState.REJECTED, who)

    return router


def _decide(app: App, run: int, state: RunState, who: str) -> shapes.Run:
    _run(app, run)
    try:
        approval.decide(app.register, run, state, by=f"api:{who}", now=app.clock())
    except ConfigError as exc:
        raise HTTPException(409, f"{exc.message}; {exc.next_step}") from exc
    return shapes.Run.of(_run(app, run))


def _run(app: App, run: int) -> RunRecord:
    record = app.register.runs.get(run)
    if record is None:
        raise HTTPException(404, f"there is no run {run}")
    return record


def _kinds(words: str) -> list[Kind]:
    names = [word.strip().upper() for word in words.split(",") if word.strip()]
    unknown = [name.lower() for name in names if name not in Kind.__members__]
    if unknown:
        known = ", ".join(kind.name.lower() for kind in Kind)
        raise HTTPException(422, f"there is no kind {', '.join(unknown)}; there are {known}")
    return [Kind[name] for name in names]
