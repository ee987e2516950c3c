from dataclasses import dataclass


@dataclass
class Job:
    """What every spider yields, whatever the page it came from looks like."""

    title: str
    company: str
    city: str
    salary: int  # euros a year
    posted: str  # 2026-11-23
    url: str
