using Dftp.Cluster.LocalFiles.Native;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>The file in which a node keeps its tree. It holds a whole tree at any moment: the last one, until the next is on the disk.</summary>
/// <param name="path">Where it is; a file beside it is used while one is written.</param>
/// <param name="origin">Whose tree it holds.</param>
internal sealed class SavedTreeFile(string path, TreeOrigin origin)
{
    public string Path => path;

    /// <summary>How many bytes the last <see cref="Write"/> gave to the disk, whether or not they are kept.</summary>
    public long LastWritten { get; private set; }

    /// <summary>Reads the tree.</summary>
    /// <param name="isWanted">Of which nodes.</param>
    /// <param name="whyNot">Why there is none, as the end of a sentence; null where there is no file.</param>
    public SavedTree? Load(Func<NodeName, bool> isWanted, out string? whyNot)
    {
        whyNot = null;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            return SavedTreeReader.Read(file, origin, isWanted);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            whyNot = error.Message;
            return null;
        }
    }

    /// <summary>Writes a tree in the place of the last one.</summary>
    /// <returns>How many bytes that took.</returns>
    /// <exception cref="OperationCanceledException">It took too long. The last tree is still there; so with the others.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public long Write(SavedTree tree, CancellationToken cancellationToken)
    {
        var directory = System.IO.Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        var unfinished = path + ".new";
        // One that a kill left keeps its permissions when it is written over.
        Discard(unfinished);
        LastWritten = 0;
        try
        {
            using (var file = new FileStream(unfinished, Options()))
            {
                try
                {
                    SavedTreeWriter.Write(file, origin, tree, cancellationToken);
                    file.Flush(flushToDisk: true);
                }
                finally
                {
                    LastWritten = file.Position;
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, path, overwrite: true);
            FlushDirectory(directory);
            return LastWritten;
        }
        catch
        {
            Discard(unfinished);
            throw;
        }
    }

    /// <summary>The names of files are nobody else's business.</summary>
    private static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Without it a machine that loses its power may come back with the last file's name, which does no harm but that it is old.</summary>
    private static void FlushDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux()) return;
        using var handle = OpenAt2.Open(null, System.Text.Encoding.UTF8.GetBytes(directory), OpenAt2.O_DIRECTORY, 0, out _);
        if (handle is not null) RandomAccess.FlushToDisk(handle);
    }

    private static void Discard(string unfinished)
    {
        try
        {
            File.Delete(unfinished);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the next one is written over it, or says why it cannot be.
        }
    }
}
