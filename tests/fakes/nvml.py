"""NVML as the binding shows it, with the devices and errors that a test wants."""


class NVMLError(Exception):
    pass


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801, N818 - the binding's name
    pass


class NVMLError_DriverNotLoaded(NVMLError):  # noqa: N801, N818 - the binding's name
    pass


class NVMLError_NoPermission(NVMLError):  # noqa: N801, N818 - the binding's name
    pass


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801, N818 - the binding's name
    pass


class FakeNvml:
    """`init_error`, `count_error`, `handle_error` are raised by these calls; `opened` counts what is not closed."""

    NVMLError = NVMLError

    def __init__(self, devices: int = 1) -> None:
        self.devices = devices
        self.init_error: Exception | None = None
        self.count_error: Exception | None = None
        self.handle_error: Exception | None = None
        self.shutdown_error: Exception | None = None
        self.opened = 0
        self.calls = 0

    def nvmlInit(self) -> None:  # noqa: N802 - the binding's name
        self.calls += 1
        if self.init_error is not None:
            raise self.init_error
        self.opened += 1

    def nvmlShutdown(self) -> None:  # noqa: N802 - the binding's name
        self.opened -= 1
        if self.shutdown_error is not None:
            raise self.shutdown_error

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 - the binding's name
        if self.count_error is not None:
            raise self.count_error
        return self.devices

    def nvmlDeviceGetHandleByIndex(self, index: int) -> object:  # noqa: N802 - the binding's name
        if self.handle_error is not None:
            raise self.handle_error
        return index
