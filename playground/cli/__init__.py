"""The command line: trainings, samples and exports without a page, in the same folders."""
