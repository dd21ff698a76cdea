"""The base classes of all foreseen errors."""


class ForeseenError(Exception):
    """A failure that the product expects; its message is one sentence for the person who can act on it.

    A task that meets one fails at once, unless `passes` says that a later try may succeed. `concerns_all` says that
    every incident would meet it, since a setting is wrong: none of a cohort is set aside or escalated for it. Of what
    passes, `concerns_one` says that only one incident meets it: the others of its cohort need not wait for that.
    """

    passes = False
    concerns_all = False
    concerns_one = False


class NotFoundError(ForeseenError):
    """What was asked for does not exist."""


class InvalidInputError(ForeseenError):
    """What a person wrote cannot be read."""
