// Command image makes what the exporter's container image consists of: the folder that
// becomes its only layer, and from such folders an image of several platforms. It needs no
// container engine, reads no clock, and gives the same bytes for the same sources.
//
//	image rootfs FOLDER     adds certificate authorities and licences to a folder with the binary
//	image licences FOLDER   writes the licences alone
//	image pack FILE ARCH=FOLDER...
//
// All of them are to be run from the root of the repository's checkout.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	root := flags.String("C", ".", "root of the sources")
	var of about
	flags.StringVar(&of.version, "version", "unknown", "version")
	flags.StringVar(&of.revision, "revision", "unknown", "commit")
	flags.StringVar(&of.source, "source", "", "where the sources are published")
	flags.StringVar(&of.created, "created", "1970-01-01T00:00:00Z", "time of the commit, RFC 3339")
	if err := flags.Parse(args); err != nil {
		return err
	}
	rest := flags.Args()
	switch {
	case len(rest) == 2 && rest[0] == "rootfs":
		if err := authorities(rest[1]); err != nil {
			return err
		}
		return licences(ctx, *root, rest[1]+"/licenses")
	case len(rest) == 2 && rest[0] == "licences":
		return licences(ctx, *root, rest[1])
	case len(rest) > 2 && rest[0] == "pack":
		return pack(rest[1], rest[2:], of)
	}
	return fmt.Errorf("got %q, want rootfs FOLDER, licences FOLDER or pack FILE and ARCH=FOLDER for each platform", rest)
}
