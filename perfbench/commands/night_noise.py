"""What the history of a stored baseline tells of the noise of its rows."""

from __future__ import annotations

from collections.abc import Sequence

from perfbench.analysis.stored_noise import NoiseByRow, row_noise
from perfbench.model import Measurement
from perfbench.results import stored_history
from perfbench.results.stored_history import History


def noise_of(history: History, measurements: Sequence[Measurement]) -> NoiseByRow:
    """How far each row of a stored side moved between the runs that its history keeps, on like hardware."""
    if not measurements:
        return {}
    medians = history.medians(stored_history.hardware_words(measurements[0].environment))
    return {
        (row.benchmark, row.metric.name): row_noise(medians.get((str(row.benchmark), row.metric.name), ()))
        for row in measurements
    }
