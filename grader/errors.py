"""What the commands say when they cannot go on."""


class GraderError(Exception):
    """A message for people: one sentence that names the place and the way out.

    Every command lets it rise to `grader.cli`, which prints it after `error: ` and exits with 1.
    """
