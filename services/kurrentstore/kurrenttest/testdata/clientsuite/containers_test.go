// Package esdb_test takes the place of the file of this name in the Go client's own tests: where that starts
// containers, this dials the two servers that the environment names.
package esdb_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

// Container is a server that runs elsewhere.
type Container struct{ Endpoint string }

// Close leaves the server alone.
func (*Container) Close() {}

type names struct{}

// Generate returns a name that nothing has yet.
func (names) Generate() string { return "stream-" + uuid.NewString() }

// NAME_GENERATOR is called so by the tests.
var NAME_GENERATOR names

// GetEnvOrDefault returns the environment's value of the key, or the default.
func GetEnvOrDefault(key, otherwise string) string {
	if value, ok := os.LookupEnv(key); ok {
		return value
	}
	return otherwise
}

// IsESDBVersion20 says whether the server is that old.
func IsESDBVersion20() bool { return false }

// GetClient returns a client of the server.
func GetClient(t *testing.T, c *Container) *esdb.Client {
	if GetEnvOrDefault("EVENTSTORE_INSECURE", "true") == "true" {
		return CreateClient("esdb://"+c.Endpoint+"?tls=false", t)
	}
	return CreateClient("esdb://admin:changeit@"+c.Endpoint+"?tlsverifycert=false", t)
}

// CreateClient returns a client for the connection string.
func CreateClient(connection string, t *testing.T) *esdb.Client {
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// CreateEmptyDatabase returns a server with nothing in it but its own events.
func CreateEmptyDatabase(t *testing.T) (*Container, *esdb.Client) {
	c := &Container{Endpoint: os.Getenv("KURRENTTEST_EMPTY")}
	return c, GetClient(t, c)
}

// CreatePopulatedDatabase returns a server with the events of the client's files of expected results.
func CreatePopulatedDatabase(t *testing.T) (*Container, *esdb.Client) {
	c := &Container{Endpoint: os.Getenv("KURRENTTEST_POPULATED")}
	return c, GetClient(t, c)
}

// WaitForAdminToBeAvailable reads what only an admin may read.
func WaitForAdminToBeAvailable(t *testing.T, client *esdb.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := client.ReadStream(ctx, "$users", esdb.ReadStreamOptions{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Recv(); err != nil {
		t.Fatal(err)
	}
}
