"""robo: declarative robotic process automation that can be believed."""

__version__ = "0.1.0"
