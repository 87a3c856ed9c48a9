"""Where things lie in the project: a test that moves keeps finding them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
