namespace Dftp.FileSystem;

/// <summary>The content and the facts of a file to write.</summary>
/// <param name="Body">
/// The bytes. The writer reads it to its end and does not dispose of it. It reads nothing before it is known that the write may go on:
/// the first read is where a front end asks its client to send (<c>100 Continue</c>; FTP's 150). A body that is cut throws an <see
/// cref="IOException"/> or <see cref="OperationCanceledException"/>; its end means that it is complete.
/// </param>
/// <param name="Length">The number of bytes that the client announced; null when only the end of the body tells.</param>
public sealed record NewContent(Stream Body, long? Length)
{
    /// <summary>
    /// The number of bytes of the current file that stay before the body: 0 replaces all of it, its size appends. What is behind the
    /// body is cut off. The write is an OffsetMismatch if the file is shorter.
    /// </summary>
    public long Offset { get; init; }

    /// <summary>
    /// Digests that the whole new file must have. They are looked at after the end of the body: what arrives in a trailer (RFC 9530,
    /// section 2) can be added until then.
    /// </summary>
    public IReadOnlyList<ExpectedDigest> Digests { get; init; } = [];

    /// <summary>The facts that the client wishes for the file.</summary>
    public NewFacts Facts { get; init; }
}

/// <summary>Facts to set.</summary>
/// <param name="Modified">The modification time; null: now for a new content, otherwise unchanged.</param>
/// <param name="Permissions">
/// The POSIX permission bits, 0 to 0777; null: those of the replaced file, the holder's default for a new one, otherwise unchanged.
/// </param>
public readonly record struct NewFacts(UnixTime? Modified, int? Permissions);

/// <summary>A digest that a client sent with a content.</summary>
/// <param name="Algorithm">How it was computed.</param>
/// <param name="Value">The bytes of the digest in their usual order; a value of another length never matches.</param>
public sealed record ExpectedDigest(DigestAlgorithm Algorithm, ReadOnlyMemory<byte> Value);

/// <summary>
/// The algorithms of the digests that clients send: RFC 9530 (Repr-Digest, Content-Digest), RFC 3230 (Digest), Content-MD5 (RFC 1864),
/// OC-Checksum of ownCloud's clients.
/// </summary>
public enum DigestAlgorithm
{
    Sha256,
    Sha512,
    Sha1,
    Md5,

    /// <summary>RFC 1950, section 9; four bytes, big-endian.</summary>
    Adler32,
}
