using System.Diagnostics.CodeAnalysis;

namespace Dftp.FileSystem;

/// <summary>
/// The result of opening a file: exactly one of content, facts that show that the part lies outside of the file, or an error.
/// </summary>
public readonly struct OpenResult
{
    private OpenResult(FileContent? content, FileError? error, Entry facts, ByteRange range)
    {
        Content = content;
        Error = error;
        Facts = facts;
        Range = range;
    }

    /// <summary>The opened part; the caller disposes of it.</summary>
    public FileContent? Content { get; }

    public FileError? Error { get; }

    /// <summary>The facts of the opened file, which may differ from those in the tree; default after an error.</summary>
    public Entry Facts { get; }

    /// <summary>The range of the file that the content has.</summary>
    public ByteRange Range { get; }

    /// <summary>Nothing was opened: the part begins after the end of the file. These are the file's facts.</summary>
    public bool IsOutside([MaybeNullWhen(false)] out Entry now)
    {
        now = Facts;
        return Content is null && Error is null;
    }

    /// <param name="content">The content of <paramref name="range"/>.</param>
    /// <param name="facts">The facts of the opened file.</param>
    /// <param name="range">A range inside of the file.</param>
    public static OpenResult Opened(FileContent content, in Entry facts, ByteRange range) => new(content, null, facts, range);

    public static OpenResult Outside(in Entry now) => new(null, null, now, default);

    public static OpenResult Failed(FileErrorKind kind, string message) => Failed(new FileError(kind, message));

    public static OpenResult Failed(FileError error) => new(null, error, default, default);
}

/// <summary>The result of looking at a file: its facts, or an error.</summary>
/// <param name="Facts">The file's current facts; default after an error.</param>
/// <param name="Digest">The digest of its content, if the holder knows it.</param>
/// <param name="Error">An error of <see cref="ITreeView.OpenAsync"/>.</param>
public readonly record struct LookResult(Entry Facts, ContentDigest? Digest, FileError? Error)
{
    public static LookResult Of(in Entry facts, ContentDigest? digest) => new(facts, digest, null);

    public static LookResult Failed(FileError error) => new(default, null, error);
}
