package protobuf

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Bounds of what a schema takes from a capture.
const (
	maxFiles = 1024
	maxFile  = 1 << 20 // bytes of one descriptor
	maxTypes = 65536
)

// ErrTooLarge is returned for descriptors beyond what a schema keeps.
var ErrTooLarge = errors.New("too many or too large descriptors")

// Schema knows message types by name and methods by the path of their calls. It
// is safe for concurrent use. A nil schema knows nothing.
type Schema struct {
	mu       sync.RWMutex
	files    map[string]bool
	messages map[protoreflect.FullName]protoreflect.MessageDescriptor
	methods  map[string]protoreflect.MethodDescriptor
}

// NewSchema returns an empty schema.
func NewSchema() *Schema {
	return &Schema{
		files: map[string]bool{}, messages: map[protoreflect.FullName]protoreflect.MessageDescriptor{},
		methods: map[string]protoreflect.MethodDescriptor{},
	}
}

// AddSet takes a FileDescriptorSet, as protoc's --descriptor_set_out writes it.
func (s *Schema) AddSet(b []byte) error {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(b, &set); err != nil {
		return fmt.Errorf("no descriptor set: %w", err)
	}
	if len(set.File) == 0 {
		return errors.New("no descriptor set: it holds no file")
	}
	for _, f := range set.File {
		if err := s.add(f); err != nil {
			return err
		}
	}
	return nil
}

// AddDescriptor takes one FileDescriptorProto, as a server's reflection sends
// it. One that is known already changes nothing.
func (s *Schema) AddDescriptor(b []byte) error {
	if len(b) > maxFile {
		return ErrTooLarge
	}
	var f descriptorpb.FileDescriptorProto
	if err := proto.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("no file descriptor: %w", err)
	}
	return s.add(&f)
}

// add takes a file whose imports may come later: what they define is looked up
// by name when it is needed.
func (s *Schema) add(f *descriptorpb.FileDescriptorProto) error {
	s.mu.RLock()
	known, full := s.files[f.GetName()], len(s.files) >= maxFiles || len(s.messages) >= maxTypes
	s.mu.RUnlock()
	if known {
		return nil
	}
	if full {
		return ErrTooLarge
	}
	d, err := protodesc.FileOptions{AllowUnresolvable: true}.New(f, nil)
	if err != nil {
		return fmt.Errorf("a descriptor that makes no sense: %w", err)
	}
	s.Add(d)
	return nil
}

// Add takes a file that was compiled.
func (s *Schema) Add(d protoreflect.FileDescriptor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[d.Path()] = true
	s.types(d.Messages())
	for i := range d.Services().Len() {
		service := d.Services().Get(i)
		for k := range service.Methods().Len() {
			m := service.Methods().Get(k)
			s.methods["/"+string(service.FullName())+"/"+string(m.Name())] = m
		}
	}
}

func (s *Schema) types(list protoreflect.MessageDescriptors) {
	for i := range list.Len() {
		m := list.Get(i)
		if len(s.messages) < maxTypes {
			s.messages[m.FullName()] = m
		}
		s.types(m.Messages())
	}
}

// Method returns the types of the messages of a call, by its path
// "/package.Service/Method"; nil where they are not known.
func (s *Schema) Method(path string) (request, response protoreflect.MessageDescriptor) {
	if s == nil {
		return nil, nil
	}
	s.mu.RLock()
	m := s.methods[path]
	s.mu.RUnlock()
	if m == nil {
		return nil, nil
	}
	return s.resolve(m.Input()), s.resolve(m.Output())
}

// resolve finds the type that a placeholder stands for.
func (s *Schema) resolve(m protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	if m == nil || !m.IsPlaceholder() {
		return m
	}
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if d := s.messages[m.FullName()]; d != nil {
		return d
	}
	return nil
}

// messageOf returns the type of a field's message, nil where it is not known.
func messageOf(s *Schema, f protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if f == nil || f.Message() == nil {
		return nil
	}
	return s.resolve(f.Message())
}

// secret reports whether a field's name says that its value is not for
// everyone's eyes.
func secret(f protoreflect.FieldDescriptor) bool {
	name := strings.ToLower(string(f.Name()))
	for _, word := range [...]string{"password", "passwd", "secret", "token", "credential", "api_key", "apikey", "private_key"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
