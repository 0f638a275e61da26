package wiresight

import (
	"encoding/json"
	"io/fs"
	"slices"
	"sync"
)

// Lesson is a walk through built-in captures: each step is a packet and what is
// to be seen in it.
type Lesson struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	About string `json:"about"` // a sentence or two
	Steps []Step `json:"steps"`
}

// Step is one stop of a lesson.
type Step struct {
	Capture string `json:"capture"` // name of an Example
	Packet  int    `json:"packet"`
	Shows   string `json:"shows"` // a display filter that is true for the packet
	// Finding is the finding that cites the packet, "" where the step tells of none.
	Finding string `json:"finding,omitempty"`
	Title   string `json:"title"`
	Says    string `json:"says"`
	Ask     string `json:"ask"` // a question that Says answers
}

// lessonOrder is from the simple to the involved.
var lessonOrder = []string{
	"one-http-request", "name-then-page", "nobody-there", "one-connection-or-many", "waiting-in-line", "ways-to-https", "what-tls-tells",
	"why-40-ms", "lost-on-the-way", "a-full-buffer", "polling-sse-websocket", "many-at-once", "loss-and-streams", "publish-subscribe", "webrtc",
}

// Lessons lists the built-in lessons, the simple ones first.
var Lessons = sync.OnceValue(func() []Lesson {
	files, err := fs.Glob(bundled, "testdata/lessons/*.json")
	if err != nil {
		return nil
	}
	var list []Lesson
	for _, f := range files {
		data, err := bundled.ReadFile(f)
		var l Lesson
		if err == nil && json.Unmarshal(data, &l) == nil {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b Lesson) int {
		return slices.Index(lessonOrder, a.Name) - slices.Index(lessonOrder, b.Name)
	})
	return list
})

// FindLesson returns the lesson with a name.
func FindLesson(name string) (Lesson, bool) {
	for _, l := range Lessons() {
		if l.Name == name {
			return l, true
		}
	}
	return Lesson{}, false
}
