"""What was tried, and what became of it."""
import os
import signal
import traceback

passed, failed, skipped = 0, 0, 0


def tried(what, condition, more=""):
    global passed, failed
    passed, failed = passed + bool(condition), failed + (not condition)
    print("%s %s%s" % ("ok    " if condition else "FAILED", what, ": " + more if more and not condition else ""), flush=True)


def skip(what, why):
    global skipped
    skipped += 1
    print("SKIPPED %s: %s" % (what, why), flush=True)


def attempt(what, function):
    """What raises has failed; the rest goes on."""
    try:
        function()
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        tried(what, False, "%s: %s (%s:%d)" % (type(error).__name__, error, os.path.basename(where.filename), where.lineno))


class TooLong(BaseException):
    """No attempt within a part catches this: the part ends."""


def bounded(what, function, seconds):
    """Fails a part that takes longer."""
    def stop(signum, frame):
        raise TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        attempt(what, function)
    except TooLong:
        tried(what, False, "took longer than %d s" % seconds)
    finally:
        signal.alarm(0)
