// Command kptfn is kpt reduced to its fn commands, for tests that need a real
// kpt: kpt's own main imports modules that the fn commands never touch, and
// not all of those can be had from every module proxy.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/kptdev/kpt/commands/fn"
	"github.com/kptdev/kpt/pkg/printer"
	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	// kpt takes its printer from the context and panics when there is none.
	ctx := printer.WithContext(context.Background(), printer.New(os.Stdout, os.Stderr))
	kpt := &cobra.Command{
		Use:           "kpt",
		Short:         "kpt's fn commands, for tests",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	// kpt's own root defines this flag, not fn: without it the stderr of a
	// failing function is never shortened, unlike what users see.
	kpt.PersistentFlags().BoolVar(&printer.TruncateOutput, "truncate-output", true,
		"shorten what failing functions write to stderr")
	kpt.AddCommand(fn.GetCommand(ctx, kpt.Name()))
	kpt.SetArgs(args)
	err := kpt.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if !alreadyShown(err) {
		fmt.Fprintln(os.Stderr, "Error:", err)
	}
	return 1
}

// alreadyShown reports whether kpt has printed err itself. Its type is in an
// internal package, so the text is all there is to recognise it by.
func alreadyShown(err error) bool {
	return strings.Contains(err.Error(), "already handled error")
}
