"""One AsyncLLM of vLLM in this process: loaded in a thread, its processes guarded, closed for good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tts.core import EngineDied, EngineError, Refused, UsageError, canonical_json, did_you_mean
from tts.engines.settings import set_environment
from tts.engines.watchdog import Watchdog

one_at_a_time = threading.Lock()
"""Engines that share a device start one after the other: started together they mis-measure each other's memory."""


RESTARTS = 3
"""Times that an engine is started again for the verifiers that ask it, in a session."""


class Server:
    """A model that vLLM serves, for generation or for pooling; shared by all who name it."""

    def __init__(self, arguments: Mapping[str, Any], version: str):
        """``arguments``: fields of vLLM's ``AsyncEngineArgs``; nothing is loaded yet."""
        self._arguments = arguments
        self._version = version
        self._watchdog: Watchdog | None = None
        self._starting: asyncio.Task[None] | None = None
        self._dead = False
        self._restarts = 0
        self.users = 0
        """Handles that have not been closed."""
        self.llm: Any = None
        """The AsyncLLM, after ``start``."""

    async def start(self) -> None:
        """Load the model, in 15 to 60 seconds on a CPU; once, whoever asks. Raises UsageError, EngineError."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    async def restart(self) -> None:
        """Start again what has died; nothing where somebody else has done so already."""
        if self._dead:
            self._dead = False
            self._starting = asyncio.create_task(self._again())
        await self.start()

    async def _again(self) -> None:
        await self._stop()
        await self._start()

    async def _start(self) -> None:
        """In a thread, so that Ctrl-C is heard meanwhile."""
        try:
            self.llm = await _in_thread(self._load_guarded)
        except (UsageError, EngineError):
            raise
        except Exception as error:
            raise EngineError(
                f"the vLLM engine did not start ({why(error)}); engine.log in the run directory says why"
            ) from error

    def _load_guarded(self) -> Any:
        with one_at_a_time:
            set_environment()
            self._watchdog = Watchdog()
            try:
                return self._load()
            finally:
                self._watchdog.unmark()

    def _load(self) -> Any:
        from vllm import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM
        from vllm.v1.executor import Executor

        AsyncLLM.__del__ = _nothing  # it would shut down again, at exit, when half the interpreter is gone
        check_options(self._arguments, self._version)
        try:
            config = AsyncEngineArgs(**self._arguments).create_engine_config()
        except (ValueError, TypeError) as error:  # pydantic's ValidationError is a ValueError
            raise UsageError(f"engine: vLLM refuses these options: {why(error)}") from None
        return AsyncLLM(config, Executor.get_class(config), log_stats=False, log_requests=False)

    async def final(self, stream: Any, about: str) -> Any:
        """The one output of a request's stream. Raises EngineDied, or Refused where the engine lives on."""
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            (output,) = [final async for final in stream]
        except EngineDeadError as error:
            self._dead = True
            raise EngineDied(
                f"the vLLM engine died ({why(error)}); engine.log in the run directory may say why; "
                "what was sampled is kept: run the same directory again"
            ) from error
        except Exception as error:
            raise Refused(f"vLLM refuses a request of {about}: {why(error)}") from error
        return output

    async def asked(self, stream: Callable[[], Any], about: str) -> Any:
        """The one output of a request, which is sent again where the engine dies; None where it is refused."""
        while True:
            try:
                return await self.final(stream(), about)
            except Refused:
                return None
            except EngineDied:
                if self._restarts == RESTARTS:
                    raise
                self._restarts += 1
                await self.restart()

    async def close(self) -> None:
        """One handle less; the last one stops the engine's processes."""
        self.users -= 1
        if self.users <= 0:
            self._starting = None
            await self._stop()

    async def _stop(self) -> None:
        """Those processes that do not stop at once are killed."""
        if self.llm is not None:
            self.llm.shutdown(timeout=1.0)
            self.llm = None
        if self._watchdog is not None:
            await asyncio.to_thread(self._watchdog.close)
            self._watchdog = None


class Servers:
    """The engines of one pool, by what they serve."""

    def __init__(self) -> None:
        """None yet."""
        self._servers: dict[str, tuple[Server, Mapping[str, Any], str]] = {}

    def get(
        self,
        identity: Mapping[str, str],
        arguments: Mapping[str, Any],
        options: Mapping[str, Any],
        version: str,
        who: str,
    ) -> Server:
        """The server of a model, one more user. ``arguments``: all of vLLM's; ``options``: those that were given.

        Raises UsageError, naming both, where ``who`` gives a model that is served already other options. Who gives none
        takes it as it is served.
        """
        key = canonical_json([dict(identity), arguments.get("runner", "generate")])
        if key not in self._servers:
            self._servers[key] = Server(arguments, version), dict(options), who
        server, held, first = self._servers[key]
        if options and dict(options) != held:
            raise UsageError(
                f"{who}: engine {_shown(options)} differs from that of {first}, {_shown(held)}, and both are one "
                "model, which is loaded once; give both the same, or one of them none"
            )
        server.users += 1
        return server


def _shown(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}: {v}" for k, v in options.items()) or "without options"


def check_options(options: Iterable[str], version: str) -> None:
    """Raises UsageError for an option that the installed vLLM does not know. Imports vLLM, which takes seconds."""
    from vllm import AsyncEngineArgs

    known = list(AsyncEngineArgs.__dataclass_fields__)
    for name in options:
        if name not in known:
            raise UsageError(
                f"engine.{name}: {version} has no such option{did_you_mean(name, known)}; "
                "expected a field of its AsyncEngineArgs"
            )


async def _in_thread(load: Any) -> Any:
    """Call ``load`` in a daemon thread: it may hang in a half-started engine, and the process must be able to end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(value)
        else:
            done.set_exception(error)

    def work() -> None:
        try:
            value = load()
        except BaseException as error:
            loop.call_soon_threadsafe(settle, None, error)
        else:
            loop.call_soon_threadsafe(settle, value, None)

    threading.Thread(target=work, name="engine-start", daemon=True).start()
    return await done


def why(error: BaseException) -> str:
    """An exception's text as one line, not too long."""
    return " ".join(str(error).split())[:500] or type(error).__name__


def _nothing(_: object) -> None:
    """``Server`` has done it."""
