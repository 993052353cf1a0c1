"""What both JavaScript engines share: how values and errors cross over exactly, and the loop of timers and jobs.

Neither library carries all values over by itself: QuickJS cuts strings at NUL and integers at 32 bits and crashes on
half a surrogate pair; mini-racer never answers when the value is a big integer. So values go in as literals, and come
out by functions that are put into the interpreter first and keep what they need from the script's reach.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from perfbench.errors import ScriptError
from perfbench.sandbox.scripting.engine import Source, Value, checked_name, one_line, plain, text_of

EXACT = 2**53 - 1
"""The largest integer up to which JavaScript's numbers hold every one."""

FAILED = "!"

PRELUDE = """
(() => {
  const {stringify, parse} = JSON, text = String, evaluate = eval, Failure = Error;
  const describe = error => { try { return text(error) } catch { return "an error that cannot be shown" } };
  const encode = value => {
    switch (typeof value) {
      case "string": return stringify(value);
      case "bigint": return text(value);
      case "undefined": return null;
      case "number": case "boolean": return value;
      default:
        if (value === null) return null;
        return "!the script's value is of type " + typeof value + "; give a number, a string, a boolean or null";
    }
  };
  const guarded = action => { try { return encode(action()) } catch (error) { return "!" + describe(error) } };
  const host = Object.freeze({
    describe, encode,
    run: source => guarded(() => evaluate(source)),
    compiled: source => evaluate("() => (" + source + "\\n)"),
    call: program => guarded(program),
    check: source => guarded(() => { new Function(source) }),
    hold: (name, raw) => {
      globalThis[name] = (...values) => {
        const reply = parse(raw(stringify(values)));
        if ("error" in reply) throw new Failure(reply.error);
        return reply.value;
      };
    },
  });
  Object.defineProperty(globalThis, "__host", {value: host});
  return null;
})()
"""

LOOP = """
(() => {
  const {describe, encode} = __host, evaluate = eval, resolve = Promise.resolve.bind(Promise);
  const timers = new Map();
  let last = 0, settled = null;
  const fail = error => { settled = "!" + describe(error); timers.clear() };
  const after = (action, delay, again, rest) => {
    delay = Math.max(0, Number(delay) || 0);
    timers.set(++last, {action, rest, due: Date.now() + delay, again: again ? Math.max(1, delay) : null});
    return last;
  };
  globalThis.setTimeout = (action, delay, ...rest) => after(action, delay, false, rest);
  globalThis.setInterval = (action, delay, ...rest) => after(action, delay, true, rest);
  globalThis.clearTimeout = globalThis.clearInterval = id => { timers.delete(id) };
  const loop = Object.freeze({
    begin: source => {
      timers.clear();
      try {
        const value = evaluate(source);
        if (value === null || typeof value !== "object" || typeof value.then !== "function") settled = encode(value);
        else {
          settled = "!the script waits for something that never comes";
          resolve(value).then(done => { settled = encode(done) }, fail);
        }
      } catch (error) { fail(error) }
      return null;
    },
    // Runs one timer that is due; gives the milliseconds until the next, -1 when there is none.
    turn: () => {
      let id = 0, timer = null;
      for (const [other, one] of timers) if (timer === null || one.due < timer.due) { id = other; timer = one }
      if (timer === null) return -1;
      const now = Date.now();
      if (timer.due > now) return timer.due - now;
      if (timer.again === null) timers.delete(id); else timer.due = now + timer.again;
      try { timer.action(...timer.rest) } catch (error) { fail(error) }
      return 0;
    },
    outcome: () => settled,
  });
  Object.defineProperty(globalThis, "__loop", {value: loop});
  return null;
})()
"""


def script(source: Source, engine: str) -> str:
    """The script's text. Raises ScriptError for what a JavaScript engine would read other than it stands there."""
    text = text_of(source, engine)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ScriptError("the script holds half a surrogate pair, which is no text") from None
    if "\0" in text:
        raise ScriptError("the script holds a NUL character")
    return text


def is_expression(source: str) -> bool:
    """Whether a script can be compiled to a function that gives its value: it begins with a parenthesis."""
    return source.lstrip().startswith("(")


def calling(function: str, source: str) -> str:
    """JavaScript that calls `__host.run` and the like with the text of a script."""
    return f"{function}({json.dumps(source)})"


def assignment(name: str, value: Value, engine: str) -> str:
    """JavaScript that makes `value` a global. Raises ScriptError for an integer that would not stay exact."""
    value = plain(value, engine)
    if isinstance(value, int) and abs(value) > EXACT:
        raise ScriptError(f"{engine} holds integers up to 2^53 - 1 exactly, not {value:.3e}", "pass a string")
    return f"globalThis[{json.dumps(checked_name(name))}] = {json.dumps(value)}; null"


def decoded(result: object, engine: str) -> Value:
    """What `__host` made of a script's value. Raises ScriptError with the message where the script failed."""
    if isinstance(result, str):
        if result.startswith(FAILED):
            message = one_line(result[1:])
            # QuickJS throws null where there is no memory left for an error.
            raise ScriptError("out of memory, or null thrown" if message == "null" else message)
        value = json.loads(result)
        return plain(value, engine)
    return plain(result, engine)


def answering(function: Callable[..., Value], engine: str) -> Callable[[str], str]:
    """`function` as `hold` calls it: arguments and result as JSON, an error as its message."""

    def answer(arguments: str) -> str:
        try:
            return json.dumps({"value": plain(function(*json.loads(arguments)), engine)})
        except Exception as error:  # whatever the host raises is the script's to catch
            return json.dumps({"error": one_line(str(error)) or type(error).__name__})

    return answer


def drive(evaluate: Callable[[str], object], jobs: Callable[[], None], source: str, engine: str) -> Value:
    """Run a script, then its jobs and timers until there are none; a promise gives what it settles to."""
    evaluate(calling("__loop.begin", source))
    while True:
        jobs()
        milliseconds = evaluate("__loop.turn()")
        if not isinstance(milliseconds, int | float) or milliseconds < 0:
            break
        if milliseconds:
            time.sleep(milliseconds / 1000)
    return decoded(evaluate("__loop.outcome()"), engine)
