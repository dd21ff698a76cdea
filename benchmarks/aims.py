"""An aim printed beside the measured figure; `python -m benchmarks` repeats these lines at its end."""

AIM = "aim:"


def aim(what: str, figure: float, *, at_most: float | None = None, at_least: float | None = None) -> str:
    """Print the figure with its aim and whether it is met; return the line."""
    if at_most is not None:
        met, bound = figure <= at_most, f"at most {at_most:g}"
    elif at_least is not None:
        met, bound = figure >= at_least, f"at least {at_least:g}"
    else:
        raise ValueError("an aim has a bound")
    line = f"{AIM} {what}: {figure:.4g}, {bound}: {'met' if met else 'missed'}"
    print(line, flush=True)
    return line
