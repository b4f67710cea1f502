using System.Diagnostics.CodeAnalysis;

namespace Dftp.FileSystem;

/// <summary>What opening a file gave: exactly one of content, facts that show that the part lies outside, or an error.</summary>
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

    /// <summary>What the file is, that which was opened, whatever the tree said of it; default after an error.</summary>
    public Entry Facts { get; }

    /// <summary>Which bytes of it the content has.</summary>
    public ByteRange Range { get; }

    /// <summary>Nothing was opened: the file is shorter than the first byte of the part. These are its facts.</summary>
    public bool IsOutside([MaybeNullWhen(false)] out Entry now)
    {
        now = Facts;
        return Content is null && Error is null;
    }

    /// <param name="content">Of <paramref name="range"/>.</param>
    /// <param name="facts">What the file is.</param>
    /// <param name="range">Inside of the file.</param>
    public static OpenResult Opened(FileContent content, in Entry facts, ByteRange range) => new(content, null, facts, range);

    public static OpenResult Outside(in Entry now) => new(null, null, now, default);

    public static OpenResult Failed(FileErrorKind kind, string message) => Failed(new FileError(kind, message));

    public static OpenResult Failed(FileError error) => new(null, error, default, default);
}

/// <summary>What looking at a file gave: its facts, or an error.</summary>
/// <param name="Facts">What the file is now; default after an error.</param>
/// <param name="Digest">That of its content, where the holder knows it.</param>
/// <param name="Error">As of <see cref="IFileTree.OpenAsync"/>.</param>
public readonly record struct LookResult(Entry Facts, ContentDigest? Digest, FileError? Error)
{
    public static LookResult Of(in Entry facts, ContentDigest? digest) => new(facts, digest, null);

    public static LookResult Failed(FileError error) => new(default, null, error);
}
