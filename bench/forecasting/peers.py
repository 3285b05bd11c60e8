"""statsforecast on the same series: runs in .venv-bench, as ``python -m bench.forecasting.peers SERIES FORECASTS``."""

import sys

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, AutoTheta


def main(source: str, target: str) -> None:
    """Read series (``.npy``, shape (series, months)) and write forecasts by model (``.npz``)."""
    history = np.load(source)
    series, months = history.shape
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(series), months),
            "ds": np.tile(pd.date_range("2021-01-01", periods=months, freq="MS"), series),
            "y": history.ravel(),
        }
    )
    models = [AutoETS(season_length=12), AutoTheta(season_length=12)]
    said = StatsForecast(models=models, freq="MS", n_jobs=2).forecast(df=frame, h=6).sort_values(["unique_id", "ds"])
    np.savez(target, **{str(model): said[str(model)].to_numpy().reshape(series, -1) for model in models})


if __name__ == "__main__":
    main(*sys.argv[1:])
