package engine

import (
	"syscall"
	"unsafe"
)

// signalTable keeps the kernel's dispositions of all signals. libchdb resets several of them to the default
// while it loads and connects; Go needs its own for nil dereferences and preemption.
type signalTable struct {
	actions [65][32]byte // struct sigaction as the kernel has it on amd64 and arm64; opaque here
	held    [65]bool
}

func saveSignals() *signalTable {
	t := &signalTable{}
	for n := 1; n < 32; n++ { // real-time signals are not Go's: the library keeps its own
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(n), 0, uintptr(unsafe.Pointer(&t.actions[n])), 8, 0, 0)
		t.held[n] = errno == 0
	}
	return t
}

func (t *signalTable) restore() {
	for n := 1; n < 32; n++ { // real-time signals are not Go's: the library keeps its own
		if t.held[n] { // SIGKILL and SIGSTOP answer EINVAL, which is as it should be
			syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&t.actions[n])), 0, 8, 0, 0)
		}
	}
}
