"""One AsyncLLM of vLLM in this process: loaded in a thread, its processes guarded, closed for good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from tts.core import EngineError, UsageError, did_you_mean
from tts.engines.settings import set_environment
from tts.engines.watchdog import Watchdog

one_at_a_time = threading.Lock()
"""Engines that share a device start one after the other: started together they mis-measure each other's memory."""


class Server:
    """A model that vLLM serves, for generation or for pooling."""

    def __init__(self, arguments: Mapping[str, Any], version: str):
        """``arguments``: fields of vLLM's ``AsyncEngineArgs``; nothing is loaded yet."""
        self._arguments = arguments
        self._version = version
        self._watchdog: Watchdog | None = None
        self.llm: Any = None
        """The AsyncLLM, after ``start``."""

    async def start(self) -> None:
        """Load the model, in 15 to 60 seconds on a CPU. In a thread, so that Ctrl-C is heard meanwhile.

        Raises UsageError where vLLM refuses the options, EngineError where it fails.
        """
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
        """The one output of a request's stream. Raises EngineError when the engine dies or refuses the request."""
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            (output,) = [final async for final in stream]
        except EngineDeadError as error:
            raise EngineError(
                f"the vLLM engine died ({why(error)}); engine.log in the run directory may say why; "
                "what was sampled is kept: run the same directory again"
            ) from error
        except Exception as error:  # a refused request; the engine lives on
            raise EngineError(f"vLLM refuses a request of {about}: {why(error)}") from error
        return output

    async def close(self) -> None:
        """Stop the engine's processes; those that do not stop at once are killed."""
        if self.llm is not None:
            self.llm.shutdown(timeout=1.0)
            self.llm = None
        if self._watchdog is not None:
            await asyncio.to_thread(self._watchdog.close)
            self._watchdog = None


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
    """``Server.close`` has done it."""
