"""How the kernels of hosts are set, as the engines read it."""

from emu.hops.ports import REUSE_NS, TIME_WAIT_NS
from emu.model import KernelModel
from emu.scenario import Kernel


def kernel_model(kernel: Kernel) -> KernelModel:
    """The settings in nanoseconds and numbers."""
    sysctls = kernel.sysctls
    time_wait = REUSE_NS if sysctls.tw_reuse == 1 else TIME_WAIT_NS
    return KernelModel(
        first_port=sysctls.ports.first,
        ports=sysctls.port_count,
        time_wait=time_wait,
        port_rest=max(max(sysctls.timeouts_ns) - time_wait, 0),
        linear=sysctls.syn_linear_timeouts,
        timeouts=sysctls.timeouts_ns,
        evicts=kernel.snat_evicts_closing,
    )
