// Loads a file of JSON lines with Elastic's BulkIndexer, as in its documentation:
// https://pkg.go.dev/github.com/elastic/go-elasticsearch/v8/esutil#BulkIndexer
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"
)

type event struct {
	AuditID string `json:"auditID"`
	Stage   string `json:"stage"`
}

func main() {
	client, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{os.Getenv("BENCH_URL")},
		Username:  os.Getenv("BENCH_USERNAME"),
		Password:  os.Getenv("BENCH_PASSWORD"),
	})
	if err != nil {
		log.Fatal(err)
	}
	indexer, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{Client: client, Index: os.Getenv("BENCH_INDEX")})
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open(os.Getenv("BENCH_FILE"))
	if err != nil {
		log.Fatal(err)
	}
	withID := os.Getenv("BENCH_ID") == "1"
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64*1024*1024)
	for lines.Scan() {
		line := bytes.Clone(lines.Bytes())
		item := esutil.BulkIndexerItem{Action: "index", Body: bytes.NewReader(line)}
		if withID {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				log.Fatal(err)
			}
			item.DocumentID = e.AuditID + "-" + e.Stage
		}
		if err := indexer.Add(context.Background(), item); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if err := indexer.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", indexer.Stats())
}
