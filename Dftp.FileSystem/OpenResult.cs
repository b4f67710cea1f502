using System.Diagnostics.CodeAnalysis;

namespace Dftp.FileSystem;

/// <summary>What opening a file gave: exactly one of content, newer facts, or an error.</summary>
public readonly struct OpenResult
{
    private readonly Entry _changed;

    private OpenResult(FileContent? content, FileError? error, Entry changed)
    {
        Content = content;
        Error = error;
        _changed = changed;
    }

    /// <summary>The opened range; the caller disposes of it.</summary>
    public FileContent? Content { get; }

    public FileError? Error { get; }

    /// <summary>
    /// The file is not (or no longer) as the entry that was passed said: these are its facts now. Decide preconditions and the
    /// range again by them, and open again. Nothing was opened.
    /// </summary>
    public bool IsStale([MaybeNullWhen(false)] out Entry now)
    {
        now = _changed;
        return Content is null && Error is null;
    }

    public static OpenResult Opened(FileContent content) => new(content, null, default);

    public static OpenResult Failed(FileErrorKind kind, string message) => new(null, new FileError(kind, message), default);

    public static OpenResult Failed(FileError error) => new(null, error, default);

    public static OpenResult Changed(Entry now) => new(null, null, now);
}
