"""What the board of one machine shows, below its verdicts, of disks, network, heat and clock."""

from dashboards import node_queries as queries
from dashboards.panel import Panel
from dashboards.panels import Column, Key, Line, table, trend

_RATIO, _SECONDS, _BYTES, _BYTES_PER_SECOND, _COUNT = "percentunit", "s", "bytes", "Bps", "short"
_PER_SECOND, _CELSIUS = "pps", "celsius"


def filesystems() -> Panel:
    return table(
        "File systems",
        "How large each is, what is left and how full that makes it. Those that matter most have alerts that say how"
        " many days are left.",
        [Key("mountpoint", "Mounted at"), Key("fstype", "Type")],
        [
            Column(queries.filesystem_size(), "Size", _BYTES),
            Column(queries.filesystem_available(), "Left", _BYTES),
            Column(queries.filesystem_used(), "Used", _RATIO),
            Column(queries.inodes_free(), "Inodes left", _COUNT),
        ],
        by="Used",
        descending=True,
    )


def filled() -> Panel:
    return trend(
        "How full they are",
        "Share of each file system that is used. A slope tells when it is full; a step tells what was written.",
        [Line(queries.filesystem_used(), "{{mountpoint}}")],
        _RATIO,
        top=1,
    )


def disks() -> Panel:
    return trend(
        "Disks busy",
        "Share of time in which a disk had requests in flight. Near 1 a single disk is at its end; fast ones still take"
        " more at once.",
        [Line(queries.disk_busy(), "{{device}}")],
        _RATIO,
        top=1,
    )


def disk_bytes() -> Panel:
    return trend(
        "Disks read and written",
        "Bytes that each disk read and wrote. Reading without end while memory is short: the page cache has gone, and"
        " what is needed is read again and again.",
        [Line(queries.disk_read(), "{{device}} read"), Line(queries.disk_written(), "{{device}} written")],
        _BYTES_PER_SECOND,
    )


def traffic() -> Panel:
    return trend(
        "Traffic",
        "Bytes received and sent on each network. On the network between the nodes of an engine it follows the tokens:"
        " a fall with requests waiting is a slow link.",
        [
            Line(queries.received(), "{{tier}} {{interface}} received"),
            Line(queries.sent(), "{{tier}} {{interface}} sent"),
        ],
        _BYTES_PER_SECOND,
    )


def packets_lost() -> Panel:
    return trend(
        "Packets damaged or dropped",
        "Packets that arrived damaged, or that were thrown away. Damaged: cable or transceiver; dropped: a buffer that"
        " is too small, or nobody who listens.",
        [
            Line(queries.damaged(), "{{tier}} {{interface}} {{direction}} damaged"),
            Line(queries.dropped(), "{{tier}} {{interface}} {{direction}} dropped"),
        ],
        _PER_SECOND,
    )


def temperatures() -> Panel:
    return trend(
        "Temperatures",
        "What the warmest sensors say, and the lowest limit that one of them calls critical. Few degrees left: look at"
        " fans, dust and the air of the room.",
        [
            Line(queries.temperatures(), "{{chip}} {{sensor}}"),
            Line(queries.lowest_critical_temperature(), "lowest critical limit", target=True),
        ],
        _CELSIUS,
    )


def clock() -> Panel:
    return trend(
        "Clock",
        "How far the clock is from its time source, as the kernel knows it. Above a few milliseconds times of two nodes"
        " cannot be compared: look at the time service.",
        [Line(queries.clock_offset(), "offset")],
        _SECONDS,
    )


def processes() -> Panel:
    return trend(
        "Processes",
        "Processes that exist. A slope without end is somebody who starts them and never waits for them.",
        [Line(queries.processes(), "processes")],
        _COUNT,
    )
