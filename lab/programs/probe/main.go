// probe asks and answers over TCP, UDP and TLS. It is what runs in the pods of the cluster, and beside them on the nodes.
//
//	probe pause                        waits to be ended
//	probe serve [TCP [UDP]]            answers on :8080 and :8053, or on other addresses
//	probe tcp TOKEN ADDRESS            asks who answers; prints the server's name and the client's address as it sees it
//	probe udp TOKEN ADDRESS SIZE       the same with one datagram of SIZE bytes
//	probe get|put TOKEN ADDRESS SIZE   receives or sends SIZE bytes
//	probe tls TOKEN ADDRESS            makes a TLS connection to a server by the name TOKEN, whoever answers
//
// All payload that crosses is the token, again and again, such that a capture shows where it passed. What fails is told
// on one line, with exit code 1.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	patience = 5 * time.Second
	largest  = 64 << 20
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "pause":
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
		<-ended
		return nil
	case len(args) >= 1 && args[0] == "serve":
		addresses := []string{":8080", ":8053"}
		copy(addresses, args[1:])
		failed := make(chan error)
		go func() { failed <- serveTCP(addresses[0]) }()
		go func() { failed <- serveUDP(addresses[1]) }()
		return <-failed
	case len(args) == 3 && args[0] == "tcp":
		return ask("tcp", args[2], []byte("who 0 "+args[1]+"\n"))
	case len(args) == 3 && args[0] == "tls":
		return greet(args[1], args[2])
	case len(args) == 4:
		size, err := strconv.Atoi(args[3])
		if err != nil || size < 1 || size > largest {
			return errors.New("the size must be a number of bytes up to 64 MiB")
		}
		switch args[0] {
		case "udp":
			return ask("udp", args[2], repeated(args[1], size))
		case "get", "put":
			return transfer(args[0], args[1], args[2], size)
		}
	}
	return errors.New("usage: probe pause|serve|tcp|udp|get|put|tls, see main.go")
}

func dial(network, address string) (net.Conn, error) {
	connection, err := net.DialTimeout(network, address, patience)
	if err == nil {
		err = connection.SetDeadline(time.Now().Add(patience))
	}
	return connection, err
}

func ask(network, address string, question []byte) error {
	connection, err := dial(network, address)
	if err != nil {
		return err
	}
	if _, err := connection.Write(question); err != nil {
		return err
	}
	answer, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	fmt.Print(answer)
	return nil
}

func greet(name, address string) error {
	// The name is told in clear, which is what it is there for; whether the server has it does not matter.
	settings := &tls.Config{ServerName: name + ".invalid", InsecureSkipVerify: true}
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", address, settings)
	if err != nil {
		return err
	}
	fmt.Println(connection.ConnectionState().PeerCertificates[0].Subject.CommonName)
	return connection.Close()
}

func transfer(order, token, address string, size int) error {
	connection, err := dial("tcp", address)
	if err != nil {
		return err
	}
	started := time.Now()
	// Not faster than half a megabit: a machine under load is slow, but a black hole is not that fast.
	if err := connection.SetDeadline(started.Add(patience + time.Duration(size/62_500)*time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(connection, order, size, token); err != nil {
		return err
	}
	content := repeated(token, size)
	var moved int
	if order == "get" {
		moved, err = same(connection, content)
	} else if moved, err = connection.Write(content); err == nil {
		var answer string
		answer, err = bufio.NewReader(connection).ReadString('\n')
		if err == nil && strings.TrimSpace(answer) != complete {
			err = errors.New(strings.TrimSpace(answer))
		}
	}
	if err != nil {
		return fmt.Errorf("%d of %d bytes: %w", moved, size, err)
	}
	fmt.Printf("%d bytes in %.2f s\n", moved, time.Since(started).Seconds())
	return nil
}

// The answer to a put that brought all bytes, each as it was sent.
const complete = "all of it"

// same reads as many bytes as there should be, and compares them.
func same(from io.Reader, expected []byte) (int, error) {
	content := make([]byte, len(expected))
	moved, err := io.ReadFull(from, content)
	if err == nil && !bytes.Equal(content, expected) {
		err = errors.New("the content is another one")
	}
	return moved, err
}

func serveTCP(address string) error {
	listener, err := net.Listen("tcp", address)
	if err == nil {
		fmt.Println("listening")
	}
	for err == nil {
		var connection net.Conn
		if connection, err = listener.Accept(); err == nil {
			go answer(connection)
		}
	}
	return err
}

func answer(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	line, err := reader.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 {
		return
	}
	size, err := strconv.Atoi(words[1])
	if err != nil || size < 0 || size > largest {
		return
	}
	switch words[0] {
	case "who":
		fmt.Fprintln(connection, hostName(), connection.RemoteAddr(), words[2])
	case "get":
		connection.Write(repeated(words[2], size))
	case "put":
		if _, err := same(reader, repeated(words[2], size)); err == nil {
			fmt.Fprintln(connection, complete)
		} else {
			fmt.Fprintln(connection, err)
		}
	}
}

func serveUDP(address string) error {
	socket, err := net.ListenPacket("udp", address)
	buffer := make([]byte, 65536)
	for err == nil {
		var length int
		var from net.Addr
		if length, from, err = socket.ReadFrom(buffer); err == nil {
			text := fmt.Sprintln(hostName(), from, length, string(buffer[:min(length, 16)]))
			_, err = socket.WriteTo([]byte(text), from)
		}
	}
	return err
}

func repeated(token string, size int) []byte {
	return bytes.Repeat([]byte(token), size/len(token)+1)[:size]
}

func hostName() string {
	name, _ := os.Hostname()
	return name
}
