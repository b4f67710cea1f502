using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Dftp.Http.Operation;

/// <summary>Whole HTTP/1.1 answers for connections that end with them.</summary>
internal static class RawAnswer
{
    /// <param name="field">A header field of its own; empty for none.</param>
    /// <param name="hasBody">Whether the sentence is sent, or only its length.</param>
    public static byte[] Of(int status, string sentence, DateTimeOffset now, string field, bool hasBody = true) =>
        Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\nContent-Length: {sentence.Length + 1}\r\nConnection: close\r\n"
            + $"Content-Type: {PlainText.ContentType}\r\nDate: {now:R}\r\n{(field.Length > 0 ? field + "\r\n" : "")}"
            + $"X-Content-Type-Options: nosniff\r\n\r\n{(hasBody ? sentence + "\n" : "")}"));
}
