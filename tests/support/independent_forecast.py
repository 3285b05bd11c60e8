"""The forecast's methods once more, as plain loops over one series and one origin: what is compared with the arrays."""

import math

YEAR, HORIZONS = 12, 6
AHEAD = range(1, HORIZONS + 1)


def naive(y):
    return [y[-1]] * HORIZONS


def mean_of_three(y):
    return [sum(y[-3:]) / 3] * HORIZONS


def seasonal_naive(y):
    return [y[len(y) + ahead - 1 - YEAR] for ahead in AHEAD]


def first_least(candidates):
    """Return what has the least squares; of equal ones, up to rounding, the first."""
    least = min(squares for squares, _ in candidates)
    most = max(squares for squares, _ in candidates)
    return next(what for squares, what in candidates if squares <= least + max(least * 1e-9, most * 1e-18))


def smoothed(y):
    """Return level and alpha of simple exponential smoothing."""
    candidates = []
    for step in range(1, 20):
        alpha, level, squares = step / 20, sum(y[:6]) / 6, 0
        for value in y:
            squares += (value - level) ** 2
            level += alpha * (value - level)
        candidates.append((squares, (level, alpha)))
    return first_least(candidates)


def simple_smoothing(y):
    return [smoothed(y)[0]] * HORIZONS


def damped_trend(y):
    candidates = []
    first, second = sum(y[:6]) / 6, sum(y[6:12]) / 6
    for alpha in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9):
        for beta in (0.02, 0.05, 0.1, 0.2, 0.4):
            for phi in (0.8, 0.9, 0.98):
                for begins in (0, 1):
                    trend = begins * (second - first) / 6
                    level, squares = first - trend * 3.5, 0
                    for value in y:
                        error = value - level - phi * trend
                        squares += error**2
                        level, trend = level + phi * trend + alpha * error, phi * trend + alpha * beta * error
                    candidates.append((squares, (level, trend, phi)))
    level, trend, phi = first_least(candidates)
    return [level + trend * sum(phi**step for step in range(1, ahead + 1)) for ahead in AHEAD]


def holt_winters_log(y):
    if len(y) < 2 * YEAR or min(y) <= 0:
        return None
    z = [math.log(value) for value in y]
    first, second = sum(z[:12]) / 12, sum(z[12:24]) / 12
    slope = (second - first) / 12
    line = [first + slope * (month - 5.5) for month in range(24)]
    seasons = [(z[month] - line[month] + z[month + 12] - line[month + 12]) / 2 for month in range(12)]
    seasons = [season - sum(seasons) / 12 for season in seasons]
    candidates = []
    for alpha in (0.05, 0.1, 0.2, 0.4, 0.7):
        for beta in (0.02, 0.1, 0.3):
            for gamma in (0.02, 0.1, 0.3):
                for phi in (0.9, 0.98):
                    level, trend, season, squares = line[0] - slope, slope, list(seasons), 0
                    for month, value in enumerate(z):
                        error = value - level - phi * trend - season[month % 12]
                        squares += error**2
                        level, trend = level + phi * trend + alpha * error, phi * trend + alpha * beta * error
                        season[month % 12] += gamma * (1 - alpha) * error
                    candidates.append((squares, (level, trend, season, phi)))
    level, trend, season, phi = first_least(candidates)
    return [
        math.exp(
            level
            + trend * sum(phi**step for step in range(1, ahead + 1))
            + season[(len(y) + ahead - 1) % 12]
        )
        for ahead in AHEAD
    ]  # fmt: skip


def seasonal_indices(y):
    ones = [1.0] * YEAR
    if len(y) < 2 * YEAR:
        return ones
    mean = sum(y) / len(y)
    variance = sum((value - mean) ** 2 for value in y)
    if variance == 0:
        return ones
    lags = [
        sum((y[month] - mean) * (y[month - lag] - mean) for month in range(lag, len(y))) / variance
        for lag in range(1, 13)
    ]
    if lags[11] <= 1.645 * math.sqrt((1 + 2 * sum(lag**2 for lag in lags[:11])) / len(y)):
        return ones
    ratios = [[] for _ in range(YEAR)]
    for month in range(6, len(y) - 6):
        around = (sum(y[month - 6 : month + 6]) + sum(y[month - 5 : month + 7])) / 24
        if around > 0:
            ratios[month % 12].append(y[month] / around)
    if not all(ratios):
        return ones
    means = [sum(its) / len(its) for its in ratios]
    indices = [each / (sum(means) / 12) for each in means]
    return indices if min(indices) > 0.05 else ones


def theta(y):
    indices = seasonal_indices(y)
    adjusted = [value / indices[month % 12] for month, value in enumerate(y)]
    level, alpha = smoothed(adjusted)
    middle = (len(y) - 1) / 2
    slope = sum((month - middle) * value for month, value in enumerate(adjusted)) / sum(
        (month - middle) ** 2 for month in range(len(y))
    )
    drift = (1 - (1 - alpha) ** len(y)) / alpha
    return [(level + slope / 2 * (ahead - 1 + drift)) * indices[(len(y) + ahead - 1) % 12] for ahead in AHEAD]


METHODS = {
    "NAIVE": naive,
    "MEDIA_3M": mean_of_three,
    "SAZONAL": seasonal_naive,
    "SES": simple_smoothing,
    "TENDENCIA_AMORTECIDA": damped_trend,
    "THETA": theta,
    "HOLT_WINTERS_LOG": holt_winters_log,
}


def backtest(y, method):
    """Return the errors of a method's backtest: by origin, those of the months that came."""
    origins = range(max(len(y) - 12, 12), len(y))
    return [
        [y[at] - said for at, said in zip(range(origin, len(y)), _said(method, y[:origin]), strict=False)]
        for origin in origins
    ]


def _said(method, y):
    forecast = METHODS[method](y)
    return [math.nan] * HORIZONS if forecast is None else [max(each, 0) for each in forecast]


def mase(y, method):
    errors = [abs(error) for origin in backtest(y, method) for error in origin]
    changes = [abs(y[month] - y[month - 12]) for month in range(12, len(y))]
    return (sum(errors) / len(errors)) / (sum(changes) / len(changes))


def choice(y):
    """Return the method with the least MASE; a benchmark only where it is better by a fifth."""
    scores = {name: mase(y, name) / (0.8 if name in {"NAIVE", "MEDIA_3M", "SAZONAL"} else 1) for name in METHODS}
    possible = {name: score for name, score in scores.items() if not math.isnan(score)}
    return min(possible, key=possible.get)


def ewma_variance(returns):
    """Return the exponentially weighted variance after the last return."""
    squares = weights = 0
    for value in returns:
        squares, weights = 0.94 * squares + value * value, 0.94 * weights + 1
    return squares / weights
