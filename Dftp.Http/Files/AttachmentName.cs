using Microsoft.Net.Http.Headers;

namespace Dftp.Http.Files;

/// <summary>
/// The Content-Disposition of what is to be saved (RFC 6266): a plain <c>filename</c> for old clients and the true one, as RFC 8187 encodes
/// it, in <c>filename*</c>.
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
