using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>The file with a node's saved tree. It is complete at any moment: the old tree, until the next is on the disk.</summary>
/// <param name="path">The path of the file. A temporary file beside it is used for writing.</param>
/// <param name="origin">The origin of the tree.</param>
internal sealed class SavedTreeFile(string path, TreeOrigin origin)
{
    public string Path => path;

    /// <summary>The bytes that the last <see cref="Write"/> wrote to the disk, whether or not the file was kept.</summary>
    public long LastWritten { get; private set; }

    /// <summary>Reads the tree.</summary>
    /// <param name="isWanted">Selects nodes.</param>
    /// <param name="whyNot">The reason why there is none, as the end of a sentence; null if there is no file.</param>
    public SavedTree? Load(Func<NodeName, bool> isWanted, out string? whyNot)
    {
        whyNot = null;
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
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

    /// <summary>Replaces the saved tree.</summary>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="OperationCanceledException">It took too long. As with all exceptions, the old tree is kept.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public long Write(SavedTree tree, CancellationToken cancellationToken)
    {
        LastWritten = 0;
        AtomicFile.Replace(path, file =>
        {
            try
            {
                SavedTreeWriter.Write(file, origin, tree, cancellationToken);
            }
            finally
            {
                LastWritten = file.Position;
            }
        });
        return LastWritten;
    }
}
