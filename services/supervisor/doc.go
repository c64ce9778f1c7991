// Package supervisor reports to the service manager that started the process, as sd_notify(3) describes: that it is
// ready, that it stops and, for a watchdog, that it is alive.
package supervisor
