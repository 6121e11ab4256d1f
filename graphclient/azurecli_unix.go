//go:build unix

package graphclient

import (
	"os/exec"
	"syscall"
)

// endWithChildren has a command end together with the processes that it began: they are a group.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
