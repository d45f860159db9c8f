//go:build !linux

package engine

// signalTable is empty where dispositions cannot be read without the C library. The library is told to leave
// handlers alone; should it reset one all the same, a crash of the engine prints less.
type signalTable struct{}

func saveSignals() *signalTable { return &signalTable{} }
func (*signalTable) restore()   {}
