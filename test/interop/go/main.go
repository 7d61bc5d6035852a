// The other side of the interoperability tests: the published discovery client, and a small discovery service on the
// published API module. Both print a line of JSON for everything that they see.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "server":
		err = serve()
	case len(os.Args) == 3 && os.Args[1] == "client":
		err = runClient(os.Args[2])
	default:
		err = fmt.Errorf("usage: interop server | interop client OPTIONS")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var printing sync.Mutex

func say(value any) {
	printing.Lock()
	defer printing.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		os.Exit(1) // nobody listens any more
	}
}
