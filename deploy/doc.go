// Package deploy is what an office needs to run taizhang for years, and the tests of it.
//
//	systemd      units of the server and of its backup, hardened, with an example of the settings
//	release      a release: reproducible programs, their packages, licences and bill of materials
//	debian       packages (.deb, .rpm) of the static binary with these units
//	image        an image from scratch with the static binary
//	compose      one machine with containers: the ledger alone, or a cluster with what watches it
//	kubernetes   a StatefulSet with volume, probes, network policy and a backup of every night
//	nats         the configuration of a NATS server or cluster that carries the alerts
//	prometheus   what is scraped, and the alert rules
//	grafana      dashboards
//
// It is a module of its own, so that what only these tests need (the types of Kubernetes, kustomize, the loader of
// compose files) is never a dependency of the program. The tests of a folder are in the file of its name here. They
// build the program as it is shipped, and run it. Tests that need programs that go cannot fetch have the build tag
// e2e.
package deploy
