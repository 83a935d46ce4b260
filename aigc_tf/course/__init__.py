"""The machinery of the course: it runs chapters, writes pages of them, and prepares machines and classrooms."""
