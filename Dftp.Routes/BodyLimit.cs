namespace Dftp.Routes;

/// <summary>
/// What a route accepts of a request's body. A larger one is refused (413) before the handler, or where it exceeds the limit.
/// </summary>
public readonly record struct BodyLimit
{
    /// <summary>The maximum size of a body that is skipped. Skipping it keeps the connection.</summary>
    private const long MaxSkipped = 64 * 1024;

    private readonly long? _most;

    private BodyLimit(long? most, bool isRead) => (_most, IsRead) = (most, isRead);

    /// <summary>No body is needed. A small one is skipped.</summary>
    public static BodyLimit None => default;

    /// <summary>A stream without a limit.</summary>
    public static BodyLimit Stream { get; } = new(null, isRead: true);

    /// <summary>Whether the handler reads the body.</summary>
    public bool IsRead { get; }

    /// <summary>The maximum of bytes; null: unlimited.</summary>
    public long? MaxBytes => IsRead ? _most : MaxSkipped;

    /// <param name="bytes">As they arrive: before any decompression, and with the framing of chunks.</param>
    public static BodyLimit Bytes(long bytes) => new(bytes, isRead: true);
}
