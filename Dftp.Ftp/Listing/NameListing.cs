using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Listing;

/// <summary>The listing of NLST: names as paths relative to the client's working directory.</summary>
internal static class NameListing
{
    public static async Task WriteAsync(ListingOutput output, ITreeSnapshot tree, ListingRequest request)
    {
        if (request.IsEntryItself)
        {
            NameLine.Write(output.Writer, [], Encoding.UTF8.GetBytes(request.Text.Length == 0 ? "." : request.Text));
        }
        else if (request.IsRecursive)
        {
            var topLength = request.Path.IsRoot ? 0 : request.Path.Value.Length;
            await foreach (var directory in DirectoryWalk.FromAsync(tree, request.Path))
            {
                var below = directory.IsRoot ? "" : directory.Value[topLength..].TrimStart('/');
                var prefix = Prefix(request.Text) + (below.Length == 0 ? "" : below + "/");
                await output.WriteAsync(tree.ListAsync(directory), NameLine.For(prefix));
            }
        }
        else
        {
            await output.WriteAsync(request.EntriesAsync(tree), NameLine.For(Prefix(request.Text)));
        }

        await output.FlushAsync();
    }

    private static string Prefix(string text) => text.Length == 0 || text.EndsWith('/') ? text : text + "/";
}
