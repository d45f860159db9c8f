// Command k9s is k9s as its own main builds it: a module of its own, since the go command installs no program whose
// list of versions it cannot read.
package main

import (
	"flag"

	"github.com/derailed/k9s/cmd"
	"k8s.io/klog/v2"
)

func main() {
	// What klog would write goes over the screen.
	klog.InitFlags(nil)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "fatal", "v": "0"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	cmd.Execute()
}
