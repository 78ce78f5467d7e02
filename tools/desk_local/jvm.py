"""The command line of one of our Java servers."""

from dataclasses import dataclass

from desk_local import toolchain

_LOGGER = "-Dorg.slf4j.simpleLogger."


_LARGE_GB = 4


@dataclass(frozen=True)
class Java:
    """How to run it. `is_quick` compiles lightly: good for minutes, slower for hours of load."""

    heap: str = "512m"
    is_quick: bool = False
    keeps_classes: bool = False

    @property
    def is_large(self) -> bool:
        return self.heap.endswith("g") and int(self.heap[:-1]) >= _LARGE_GB

    def command(self, name: str, main: str, *, chatty: str) -> list[str]:
        """Logs warnings of everything and the news of one logger.

        Java needs half the time to start with the loaded classes of an earlier run; an archive
        that does not fit (another Java, other jars) it ignores.
        """
        archive = toolchain.archive_of(name)
        classes = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
        if self.keeps_classes:
            classes = [f"-XX:ArchiveClassesAtExit={archive}"]
        return [
            toolchain.java(),
            # Two small heaps on few cores: the serial collector costs them least. It would halt a
            # large one for seconds, which clients take for an outage.
            "-XX:+UseG1GC" if self.is_large else "-XX:+UseSerialGC",
            "-Xms64m",
            f"-Xmx{self.heap}",
            # What a request allocates is garbage at once: a small nursery keeps the process small.
            *([] if self.is_large else ["-Xmn16m"]),
            *(["-XX:TieredStopAtLevel=1"] if self.is_quick else []),
            *classes,
            f"{_LOGGER}defaultLogLevel=warn",
            f"{_LOGGER}log.{chatty}=info",
            f"{_LOGGER}showDateTime=true",
            f"{_LOGGER}dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            "-cp",
            toolchain.classpath(),
            main,
        ]
