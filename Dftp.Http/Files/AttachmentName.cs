using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Files;

/// <summary>
/// The Content-Disposition of a download (RFC 6266): an ASCII <c>filename</c> for old clients, and the exact name in
/// <c>filename*</c>, encoded by RFC 8187.
/// </summary>
internal static class AttachmentName
{
    public static string Of(string name)
    {
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(name);
        return disposition.ToString();
    }
}
