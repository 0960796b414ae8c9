"""What may be refused with a sentence: an exception of one of these kinds is the caller's to read, any other is a mistake of ours."""

from playground.config import ConfigError
from playground.data import DataError
from playground.runtimes.base import RegistryError, UnknownRun

REFUSALS = (ConfigError, DataError, RegistryError, UnknownRun, ValueError)
