"""The errors that the process foresees."""


class ForeseenError(Exception):
    """Something that can be expected to go wrong; its message is one sentence for the person who can act on it.

    A task that meets one fails at once, unless `passes` says that a later try may succeed.
    """

    passes = False
