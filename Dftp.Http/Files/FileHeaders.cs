using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Files;

/// <summary>Receives header fields, each in the form that is cheapest to write.</summary>
internal interface IHeaderWriter
{
    void Add(string name, string value);

    /// <param name="name">The field's name.</param>
    /// <param name="value">ASCII.</param>
    void Add(string name, scoped ReadOnlySpan<byte> value);

    void Add(string name, long value);

    /// <summary>Adds an HTTP-date (RFC 9110 section 5.6.7).</summary>
    void Add(string name, DateTimeOffset value);
}

/// <summary>
/// The one list of header fields of an answer with a file: handlers write it to the server's response, the fast path writes it as bytes.
/// </summary>
/// <param name="file">The version of the file to send.</param>
/// <param name="links">The value of Link, by <see cref="HolderUrls.DuplicatesOfAsync"/>; null for none.</param>
/// <param name="now">Unix time in seconds.</param>
internal readonly struct FileHeaders(in Entry file, string? links, long now)
{
    /// <summary>
    /// A file's modification time in nanoseconds since 1970; Last-Modified has only seconds. A node that reads from another one
    /// compares it with the version that it expects.
    /// </summary>
    public const string ModifiedHeader = "X-Dftp-Modified";

    /// <summary>
    /// The holder's version of its copy beyond size and time: two hexadecimal numbers, the fingerprint and, if it is not 0, after a
    /// hyphen the revision of <see cref="ContentVersion"/>. Other nodes build their tags from it.
    /// </summary>
    public const string VersionHeader = "X-Dftp-Version";

    private readonly Entry _file = file;

    /// <param name="head">Gets the fields.</param>
    /// <param name="type">The file's type.</param>
    /// <param name="contentType">The type of the body, which differs for a body of several parts.</param>
    /// <param name="contentLength">Bytes of the body.</param>
    /// <param name="digest">The digest of the whole file, also for a partial answer (RFC 9530 section 3).</param>
    public void Write<T>(ref T head, ContentType type, string contentType, long contentLength, ContentDigest? digest)
        where T : struct, IHeaderWriter, allows ref struct
    {
        head.Add(HeaderNames.ContentLength, contentLength);
        head.Add(HeaderNames.ContentType, contentType);
        head.Add(HeaderNames.AcceptRanges, "bytes");
        WriteValidators(ref head);
        if (type.CanRunScripts) head.Add(HeaderNames.ContentSecurityPolicy, "sandbox");
        if (digest is { } known) head.Add(DigestFields.ReprDigest, DigestFields.Format(known));
        if (links is not null) head.Add(HeaderNames.Link, links);
    }

    /// <summary>Writes the fields that a 304 also has.</summary>
    public void WriteValidators<T>(ref T head)
        where T : struct, IHeaderWriter, allows ref struct
    {
        Span<byte> tag = stackalloc byte[Validators.MaxETagBytes];
        head.Add(HeaderNames.ETag, tag[..Validators.WriteETag(_file, tag)]);
        if (Validators.LastModified(_file.Modified, now) is { } date) head.Add(HeaderNames.LastModified, date);
        head.Add(HeaderNames.XContentTypeOptions, "nosniff");
        head.Add(ModifiedHeader, _file.Modified.Nanoseconds);
        if (_file.Version != default) WriteVersion(ref head);
    }

    private void WriteVersion<T>(ref T head)
        where T : struct, IHeaderWriter, allows ref struct
    {
        Span<byte> text = stackalloc byte[2 * 16 + 1];
        Utf8Formatter.TryFormat(_file.Version.Fingerprint, text, out var length, 'x');
        if (_file.Version.Revision != 0)
        {
            text[length++] = (byte)'-';
            Utf8Formatter.TryFormat(_file.Version.Revision, text[length..], out var more, 'x');
            length += more;
        }

        head.Add(VersionHeader, text[..length]);
    }
}

/// <summary>The header fields of a response of the server.</summary>
internal readonly struct ResponseHeaders(HttpResponse response) : IHeaderWriter
{
    public void Add(string name, string value) => response.Headers[name] = value;

    public void Add(string name, scoped ReadOnlySpan<byte> value) => response.Headers[name] = Encoding.ASCII.GetString(value);

    public void Add(string name, long value) => response.Headers[name] = value.ToString(CultureInfo.InvariantCulture);

    public void Add(string name, DateTimeOffset value) => response.Headers[name] = HeaderUtilities.FormatDate(value);
}
